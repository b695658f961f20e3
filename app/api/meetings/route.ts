import { spanText } from '@/app/(internal)/meetings/span-text';
import { methods } from '@/lib/auth/methods';
import { config } from '@/lib/config';
import { LENGTHS } from '@/lib/dal/meeting-week';
import { bookMeeting } from '@/lib/dal/meetings';
import { toInstant, toWallTime } from '@/lib/dingtalk/time-zone';
import { AppError } from '@/lib/errors';
import { currentMessages } from '@/lib/http/language';
import { type RequestContext, readForm } from '@/lib/http/route';
import { meetingsPage } from '@/lib/i18n/meetings-page';
import { notify } from '@/lib/notices/notices';
import type { Session } from '@/lib/session/session-cookie';
import { answerForm } from './answer-form';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Books a meeting by a form, and sends the attendees a work notification where the form asks for it. */
  POST: { access: 'member', event: 'meeting-book', handler: book },
});

function book(request: Request, context: RequestContext, member: Session): Promise<Response> {
  return answerForm(request, context, async () => {
    const form = await readForm(request);
    const { timeZone } = config();
    const start = readStart(form.get('start') ?? '', timeZone);
    const minutes = LENGTHS.find((each) => each === Number(form.get('length')));
    if (minutes === undefined) throw new AppError('bad-request', { hint: 'length' });
    const time = { kind: 'timed', start, end: start + minutes * 60_000, timeZone } as const;
    const title = form.get('title') ?? '';
    const attendees = form.getAll('with');
    context.note({ attendees: attendees.length });
    await bookMeeting({
      title,
      time,
      location: form.get('location') || undefined,
      description: form.get('description') || undefined,
      attendees,
      key: form.get('key') ?? '',
    });
    const day = toWallTime(start, timeZone).slice(0, 10);
    const page = `/meetings/mine?week=${day}`;
    if (form.get('notify') !== 'yes' || attendees.length === 0) return `${page}&done=booked`;
    const { language } = await currentMessages();
    const text = meetingsPage[language];
    const notice = {
      to: { members: attendees },
      title: clip(text.noticeTitle(title.trim())),
      text: text.noticeText(spanText(time, timeZone, language), member.name),
      page,
      withResult: false,
    };
    return `${page}&done=${await sent(notice, member, context)}`;
  });
}

/** The meeting stands, whatever becomes of the notice: DingTalk invites by itself. */
async function sent(
  notice: Parameters<typeof notify>[0],
  { userId }: Session,
  { note }: RequestContext,
): Promise<'notified' | 'not-notified'> {
  try {
    const { id } = await notify(notice, { by: userId });
    note({ notice: id });
    return 'notified';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    note({ notice: error.problem });
    return 'not-notified';
  }
}

function clip(title: string): string {
  const characters = [...title];
  return characters.length <= 50 ? title : `${characters.slice(0, 48).join('')}…`;
}

function readStart(value: string, timeZone: string): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(value)) throw new AppError('bad-request', { hint: 'start' });
  try {
    return toInstant(value, timeZone);
  } catch {
    throw new AppError('bad-request', { hint: 'start' });
  }
}
