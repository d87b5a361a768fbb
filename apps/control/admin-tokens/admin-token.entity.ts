import { Column, Entity, PrimaryColumn } from 'typeorm';
import { StoredCredential } from '../access/stored-credential.js';

@Entity({ name: 'admin_token' })
export class AdminToken extends StoredCredential {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** Null: the token is the platform's own. */
  @Column({ name: 'organisation_id', type: 'text', nullable: true })
  organisationId!: string | null;

  @Column({ type: 'text' })
  name!: string;
}
