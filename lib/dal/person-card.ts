import 'server-only';
import type { PersonRecord, StoredMember } from '../directory/model';
import { shownName, shownText } from '../shown-text';

/** How a person looks in a list. Absent: DingTalk did not tell, or the viewer may not see it. */
export interface PersonCard {
  userId: string;
  name: string;
  avatarUrl?: string | undefined;
  title?: string | undefined;
  jobNumber?: string | undefined;
  /** False until they have used DingTalk in this company. */
  active: boolean;
}

export function toCard(member: StoredMember): PersonCard {
  const { name, avatarUrl, title, jobNumber, active } = shownRecord(member);
  return { userId: member.userId, name, avatarUrl, title, jobNumber, active };
}

/** The directory keeps DingTalk's text as it is; this is how it may be shown. */
export function shownRecord({ userId, record }: StoredMember): PersonRecord {
  return {
    ...record,
    name: shownName(record.name, userId),
    title: shownText(record.title),
    jobNumber: shownText(record.jobNumber),
    telephone: shownText(record.telephone),
    email: shownText(record.email),
    orgEmail: shownText(record.orgEmail),
    workPlace: shownText(record.workPlace),
  };
}
