import 'server-only';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import type { ShownState } from '../directory/mirror-state';
import type { StoredMember } from '../directory/model';
import { directoryStore } from '../directory/store';
import type { View } from '../directory/visibility';
import { AppError } from '../errors';
import { shownState, visiblePath } from './department-node';
import { shownRecord } from './person-card';
import { currentViewer, mayViewerExport, readView } from './viewer';

/** One person for the export, all departments in one row. */
export interface ExportRow {
  userId: string;
  name: string;
  jobNumber: string;
  title: string;
  /** `总部 / 研发 / 平台组`, one for each department. */
  departments: string[];
  leads: string[];
  mobile: string;
  telephone: string;
  email: string;
  orgEmail: string;
  workPlace: string;
  active: boolean;
}

/** Whether the visitor may export the directory. */
export async function mayExport(): Promise<boolean> {
  return mayViewerExport(await currentViewer());
}

/**
 * Every person that the visitor may see, of one state. Read whole before anything is sent, because a client that takes
 * it slowly must not hold that state; packed meanwhile, some megabytes for a large company.
 *
 * @param toText how a person is written
 * @throws AppError `not-permitted`
 */
export async function exportPeople(
  toText: (row: ExportRow) => string,
): Promise<{ state: ShownState; texts: AsyncIterable<Buffer> }> {
  if (!(await mayExport())) throw new AppError('not-permitted');
  const { state, packed } = await readView(async (view) => ({
    state: shownState(view),
    packed: await pack((write) =>
      directoryStore().everybody(async (members) => {
        const visible = members.filter((member) => view.visibility.canSeePerson(member));
        await write(visible.map((member) => toText(toExportRow(view, member))).join(''));
      }),
    ),
  }));
  return { state, texts: Readable.from(packed).pipe(createGunzip()) };
}

async function pack(produce: (write: (text: string) => Promise<void>) => Promise<void>): Promise<Buffer[]> {
  const gzip = createGzip({ level: 1 });
  const packed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => packed.push(chunk));
  const ended = once(gzip, 'end');
  await produce(async (text) => {
    if (!gzip.write(text)) await once(gzip, 'drain');
  });
  gzip.end();
  await ended;
  return packed;
}

function toExportRow(view: View, member: StoredMember): ExportRow {
  const record = shownRecord(member);
  const visible = member.departments.filter(({ id }) => view.visibility.canSeeDepartment(id));
  const pathText = (id: number) =>
    visiblePath(view, id)
      .map(({ name }) => name)
      .join(' / ');
  return {
    userId: member.userId,
    name: record.name,
    jobNumber: record.jobNumber ?? '',
    title: record.title ?? '',
    departments: visible.map(({ id }) => pathText(id)),
    leads: visible.filter(({ leader }) => leader).map(({ id }) => pathText(id)),
    mobile: view.visibility.mobileOf(member) ?? '',
    telephone: record.telephone ?? '',
    email: record.email ?? '',
    orgEmail: record.orgEmail ?? '',
    workPlace: record.workPlace ?? '',
    active: record.active,
  };
}
