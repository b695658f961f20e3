import Link from 'next/link';
import { Note } from '@/app/_ui/note';
import { titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { pageAdministrator } from '@/lib/auth/administrator';
import { adminReport } from '@/lib/doctor/app-report';
import { describeFinding, withWaitingTogether } from '@/lib/doctor/description';
import { exitCodeOf } from '@/lib/doctor/doctor';
import { summaryOf } from '@/lib/doctor/report-lines';
import { currentMessages } from '@/lib/http/language';
import { AdminPage } from '../admin-page';
import { FindingItem, WaitingItem } from './finding-item';

export const generateMetadata = titled(({ doctor, admin }) => [doctor.title, admin.title]);

const CIRCLES = ['local', 'dingtalk', 'console'] as const;
const KINDS = { 0: 'ok', 1: 'warn', 2: 'bad' } as const;

/** For administrators: everything is tried now, and what is wrong comes with its remedy. */
export default async function DoctorPage() {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const report = await adminReport();
  const text = messages.doctor;
  const described = report.findings.map((finding) => describeFinding(finding, language, report.region));
  const parts = [
    [text.todo, described.filter(({ fault }) => fault !== undefined)] as const,
    ...CIRCLES.map((circle) => {
      const others = described.filter((one) => one.circle === circle && one.fault === undefined);
      return [text.circles[circle], others] as const;
    }),
  ]
    .filter(([, findings]) => findings.length > 0)
    .map(([title, findings]) => ({ title, ...withWaitingTogether(findings) }));
  const again = (
    <Link className="section-more" href="/admin/doctor" prefetch={false}>
      {text.again}
    </Link>
  );
  return (
    <AdminPage tab="doctor">
      <p className="line">{text.lead}</p>
      <Note kind={KINDS[exitCodeOf(report)]}>{summaryOf(report, language)}</Note>
      {parts.map(({ title, single, waiting }, at) => (
        <Section title={title} key={title} more={at === 0 && again}>
          <ul className="panel rows">
            {single.map((finding) => (
              <FindingItem finding={finding} text={text} key={finding.id} />
            ))}
            {waiting.map((one) => (
              <WaitingItem waiting={one} text={text} key={one.outcome + one.found} />
            ))}
          </ul>
        </Section>
      ))}
    </AdminPage>
  );
}
