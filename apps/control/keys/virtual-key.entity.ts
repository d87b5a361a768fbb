import { Column, Entity, PrimaryColumn } from 'typeorm';
import { StoredCredential } from '../access/stored-credential.js';

@Entity({ name: 'virtual_key' })
export class VirtualKey extends StoredCredential {
  @PrimaryColumn({ name: 'organisation_id', type: 'text' })
  organisationId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'project_id', type: 'text' })
  projectId!: string;

  @Column({ type: 'text', nullable: true })
  name!: string | null;
}
