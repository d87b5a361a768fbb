import { Body, Controller, Delete, Get, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { readSecretsKeys } from '#config/secrets-key.js';
import { type Act, TheAct } from '../audit/act.js';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import { findPage } from '../lists/find-page.js';
import { listOf, type PageQuery, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { createChannel, findChannel, removeChannel, reviseChannel } from './change-channel.js';
import { ChannelDirectory } from './channel-directory.js';
import { Channel } from './channel.entity.js';
import {
  channelPath,
  type NewChannel,
  newChannel,
  type NewRevision,
  newRevision,
  showChannel,
  shownChannel,
} from './fields.js';

type ChannelPath = z.infer<typeof channelPath>;

@ApiTags('channels')
@Controller('v1/channels')
export class ChannelsController {
  /** The first key seals. @throws ConfigError */
  readonly #key;

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ChannelDirectory) private readonly directory: ChannelDirectory,
    @Inject(CONTROL_CONFIG) config: ControlConfig,
  ) {
    this.#key = readSecretsKeys(config)[0];
  }

  @Post()
  @Operation({
    summary: 'Create a channel. Its secret is sealed and never shown',
    access: 'platform',
    status: 201,
    answer: shownChannel,
    refuses: [...badBody, 409],
    recorded: 'itself',
  })
  async createChannel(@Body({ schema: newChannel }) request: NewChannel, @TheAct() act: Act) {
    return this.#told(await createChannel({ source: this.source, key: this.#key }, act, request));
  }

  @Get()
  @Operation({
    summary: 'List channels, removed ones too',
    access: 'platform',
    answer: listOf(shownChannel),
    refuses: [400],
  })
  listChannels(@Query({ schema: pageQuery }) page: PageQuery) {
    return findPage(this.source.getRepository(Channel), {}, page, showChannel);
  }

  @Get(':channel')
  @Operation({ summary: 'Show a channel', access: 'platform', answer: shownChannel, refuses: [404] })
  async getChannel(@Param({ schema: channelPath }) { channel }: ChannelPath) {
    return showChannel(await findChannel(this.source.manager, channel));
  }

  @Put(':channel')
  @Operation({
    summary: 'Change a channel: all of it is replaced but a secret that is left out',
    access: 'platform',
    answer: shownChannel,
    refuses: [...badBody, 404, 409],
    recorded: 'itself',
  })
  async reviseChannel(
    @Param({ schema: channelPath }) { channel }: ChannelPath,
    @Body({ schema: newRevision }) revision: NewRevision,
    @TheAct() act: Act,
  ) {
    return this.#told(await reviseChannel({ source: this.source, key: this.#key }, act, { id: channel, ...revision }));
  }

  @Delete(':channel')
  @Operation({
    summary: 'Remove a channel and its secret. Its id stays taken',
    access: 'platform',
    answer: shownChannel,
    refuses: [404],
    recorded: 'itself',
  })
  async removeChannel(@Param({ schema: channelPath }) { channel }: ChannelPath, @TheAct() act: Act) {
    return this.#told(await removeChannel({ source: this.source }, act, channel));
  }

  async #told(channel: Channel): Promise<z.infer<typeof shownChannel>> {
    await this.directory.tell();
    return showChannel(channel);
  }
}
