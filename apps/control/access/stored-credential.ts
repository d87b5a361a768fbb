import { Column, CreateDateColumn } from 'typeorm';

/** What virtual keys and admin tokens have in common, as it is stored. Their text is not: only who has it can show it. */
export abstract class StoredCredential {
  /** HMAC-SHA-256 of the whole text, in hex (libs/config/key-hash.ts). */
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
