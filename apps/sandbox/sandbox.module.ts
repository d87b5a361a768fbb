import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { SandboxErrorFilter } from './sandbox-error.filter.js';
import { BODIES_FOLDER, SandboxController } from './sandbox.controller.js';

@Module({ controllers: [SandboxController], providers: [{ provide: APP_FILTER, useClass: SandboxErrorFilter }] })
export class SandboxModule {
  static forFolder(folder: string | undefined): DynamicModule {
    return { module: SandboxModule, providers: [{ provide: BODIES_FOLDER, useValue: folder }] };
  }
}
