import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { PublishedChannel, SealedSecret } from '#contracts/channel.js';

type ChannelFields = Omit<PublishedChannel, 'id' | 'secret'>;

/** An upstream account or gateway. Its secret is here only as it was sealed. */
@Entity({ name: 'channel' })
export class Channel {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'jsonb' })
  fields!: ChannelFields;

  @Column({ type: 'jsonb', nullable: true })
  secret!: SealedSecret | null;

  @Column({ name: 'secret_set_at', type: 'timestamptz', nullable: true })
  secretSetAt!: Date | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;

  @Column({ name: 'removed_at', type: 'timestamptz', nullable: true })
  removedAt!: Date | null;
}
