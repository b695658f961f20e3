import 'server-only';
import type { ShownState } from '../directory/mirror-state';
import type { PageCursor, StoredMember } from '../directory/model';
import { directoryStore } from '../directory/store';
import type { View } from '../directory/visibility';
import { AppError } from '../errors';
import { shownState, visiblePath } from './department-node';
import { shownRecord } from './person-card';
import { currentView, currentViewer, mayViewerExport } from './viewer';

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

const EXPORT_BATCH = 200;

/** Whether the visitor may export the directory. */
export async function mayExport(): Promise<boolean> {
  return mayViewerExport(await currentViewer());
}

/** Every person that the visitor may see, one at a time, from one snapshot. @throws AppError `not-permitted` */
export async function exportRows(): Promise<{ state: ShownState; rows: AsyncIterable<ExportRow> }> {
  const view = await currentView();
  if (!(await mayViewerExport(view.viewer))) throw new AppError('not-permitted');
  return { state: shownState(view), rows: rowsFor(view) };
}

async function* rowsFor(view: View): AsyncIterable<ExportRow> {
  let cursor: PageCursor | undefined;
  do {
    const { members, next } = await directoryStore().page(cursor, EXPORT_BATCH);
    for (const member of members) if (view.sight.canSeePerson(member)) yield toExportRow(view, member);
    cursor = next;
  } while (cursor);
}

function toExportRow(view: View, member: StoredMember): ExportRow {
  const record = shownRecord(member);
  const visible = member.departments.filter(({ id }) => view.sight.canSeeDepartment(id));
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
    mobile: view.sight.mobileOf(member) ?? '',
    telephone: record.telephone ?? '',
    email: record.email ?? '',
    orgEmail: record.orgEmail ?? '',
    workPlace: record.workPlace ?? '',
    active: record.active,
  };
}
