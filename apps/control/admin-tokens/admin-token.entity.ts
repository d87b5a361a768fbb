import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: 'admin_token' })
export class AdminToken {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** Null: the token is the platform's own. */
  @Column({ name: 'organisation_id', type: 'text', nullable: true })
  organisationId!: string | null;

  @Column({ type: 'text' })
  name!: string;

  /** HMAC-SHA-256 of the whole token, in hex. */
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
