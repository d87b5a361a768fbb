import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Belongs to a team of the same organisation: the database sees to it. */
@Entity({ name: 'project' })
export class Project {
  @PrimaryColumn({ name: 'organisation_id', type: 'text' })
  organisationId!: string;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ name: 'team_id', type: 'text' })
  teamId!: string;

  @Column({ type: 'text' })
  name!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
