import Link from 'next/link';
import type { ReactNode } from 'react';
import { type Field, FieldList, Fields } from '@/app/_ui/field-list';
import { Fold } from '@/app/_ui/fold';
import { Linked } from '@/app/_ui/linked';
import { Section } from '@/app/_ui/section';
import type { OwnPlaces } from '@/lib/dal/own-places';
import type { Messages } from '@/lib/i18n';
import { callAddress } from '../directory/people/[userId]/call-address';
import { mailAddress } from '../directory/people/[userId]/contact';
import { type ProfileFields, timeSince } from './fields';

interface ProfileSectionsProps {
  fields: ProfileFields;
  places: OwnPlaces | undefined;
  /** Unix time in ms. */
  hiredAt: number | undefined;
  /** Whether DingTalk itself was asked: only then is what is missing withheld. */
  isFresh: boolean;
  me: Messages['me'];
}

/** What the company has on record: work, ways to reach, and folded what is rarely wanted. */
export function ProfileSections({ fields, places, hiredAt, isFresh, me }: ProfileSectionsProps) {
  const { custom, raw, withheld } = fields;
  const [work, contact] = [workFields(fields, places, hiredAt, me), contactFields(fields, me)];
  return (
    <>
      {work.length > 0 && <FieldList title={me.work} fields={work} />}
      {contact.length > 0 && <FieldList title={me.contact} fields={contact} />}
      {custom.length > 0 && <FieldList title={me.custom} fields={custom} />}
      <Section title={me.more}>
        {isFresh && withheld.length > 0 && (
          <Fold title={me.withheld(withheld.length)} hint={me.withheldHint}>
            <Fields fields={withheld} />
          </Fold>
        )}
        <Fold title={me.raw} hint={me.rawHint}>
          <Fields fields={raw} isRaw />
        </Fold>
      </Section>
    </>
  );
}

function workFields(
  { values }: ProfileFields,
  places: OwnPlaces | undefined,
  hiredAt: number | undefined,
  me: Messages['me'],
): Field[] {
  const { fields } = me;
  const since = hiredAt === undefined ? undefined : timeSince(hiredAt, Date.now());
  return present([
    [
      me.department,
      places && places.departments.length > 0 && <Departments places={places} leads={me.leads} />,
    ],
    [me.manager, places?.manager && <PersonLink {...places.manager} />],
    [fields.title, values.title],
    [fields.positions, values.positions],
    [fields.jobNumber, values.jobNumber],
    [
      fields.hiredAt,
      values.hiredAt && (
        <>
          {values.hiredAt} {since && <span className="hint">{me.since(since.years, since.months)}</span>}
        </>
      ),
    ],
    [fields.roles, values.roles],
    [fields.remark, values.remark],
  ]);
}

function contactFields({ values }: ProfileFields, { fields }: Messages['me']): Field[] {
  const { mobile, telephone, email, orgEmail, workPlace } = values;
  return present([
    [fields.mobile, mobile && <Linked href={callAddress(mobile)}>{mobile}</Linked>],
    [fields.telephone, telephone && <Linked href={callAddress(telephone)}>{telephone}</Linked>],
    [fields.orgEmail, orgEmail && <Linked href={mailAddress(orgEmail)}>{orgEmail}</Linked>],
    [fields.email, email && <Linked href={mailAddress(email)}>{email}</Linked>],
    [fields.workPlace, workPlace],
  ]);
}

function Departments({ places, leads }: { places: OwnPlaces; leads: string }) {
  return (
    <ul>
      {places.departments.map((department) => (
        <li key={department.id}>
          <Link href={`/directory/departments/${department.id}`} prefetch={false}>
            <bdi>{department.name}</bdi>
          </Link>{' '}
          {department.leads && <span className="badge badge-brand">{leads}</span>}
          {department.path.length > 0 && (
            <p className="hint">{department.path.map(({ name }) => name).join(' / ')}</p>
          )}
        </li>
      ))}
    </ul>
  );
}

function PersonLink({ userId, name }: { userId: string; name: string }) {
  return (
    <Link href={`/directory/people/${encodeURIComponent(userId)}`} prefetch={false}>
      <bdi>{name}</bdi>
    </Link>
  );
}

function present(all: [label: string, value: ReactNode][]): Field[] {
  return all.flatMap(([label, value]) => (value ? [{ label, value }] : []));
}
