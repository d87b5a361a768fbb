import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** What is kept of a virtual key. Its text is not: only who has it can show it. */
@Entity({ name: 'virtual_key' })
export class VirtualKey {
  @PrimaryColumn({ name: 'organisation_id', type: 'text' })
  organisationId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'project_id', type: 'text' })
  projectId!: string;

  @Column({ type: 'text', nullable: true })
  name!: string | null;

  /** HMAC-SHA-256 of the whole key, in hex (libs/config/key-hash.ts). */
  @Column({ type: 'text' })
  hash!: string;

  @Column({ type: 'text' })
  last4!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
