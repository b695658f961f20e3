import type { Route } from 'next';
import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import { When } from '@/app/_ui/when';
import type { AuditGroup, AuditPage } from '@/lib/dal/admin-audit';
import type { Language, Messages } from '@/lib/i18n';
import type { WrittenLine } from '@/lib/storage/audit-store';
import { eventIcon, eventName, lineText } from './line-text';

interface AuditTableProps extends Pick<AuditPage, 'groups' | 'names'> {
  /** Where the lines of a group stand one by one. */
  eachHref: (line: WrittenLine) => Route;
  messages: Messages;
  language: Language;
}

const MAX_LISTED = 10;

/** Entries as a table, as cards on phones: the roles keep it a table for readers there. */
export function AuditTable(props: AuditTableProps) {
  const { audit: text } = props.messages;
  return (
    <div className="panel">
      {/* biome-ignore-start lint/a11y/noRedundantRoles: display: flex takes the roles away */}
      <table className="table" role="table">
        <caption className="for-readers">{text.caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {[text.event, text.time, text.person, text.what].map((head) => (
              <th role="columnheader" scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {props.groups.map((group) => (
            <Row key={group[0].id} group={group} {...props} />
          ))}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: display: flex takes the roles away */}
    </div>
  );
}

function Row({ group, names, eachHref, messages, language }: AuditTableProps & { group: AuditGroup }) {
  const { audit: text } = messages;
  const [line] = group;
  const { icon, kind } = eventIcon(line);
  const times = group.reduce((sum, { count }) => sum + count, 0);
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: display: flex takes the roles away
    <tr role="row">
      <td role="cell" className="cell-main">
        <span className={`event ${kind}`.trim()}>
          <Icon name={icon} size="s" className="icon-plain" />
          <span>
            {eventName(line, messages)}
            {times > 1 && (
              <>
                {' '}
                <span className="badge">{group.length > 1 ? text.lines(times) : text.times(times)}</span>
              </>
            )}
          </span>
        </span>
      </td>
      <td role="cell" className="cell-time num">
        <When at={line.at} language={language} />
      </td>
      <td role="cell" className="cell-rest cell-who">
        <Who group={group} names={names} href={eachHref(line)} messages={messages} />
      </td>
      <td role="cell" className="cell-rest">
        {lineText(line, messages, (userId) => names.get(userId) ?? userId)}
      </td>
    </tr>
    // biome-ignore-end lint/a11y/noRedundantRoles: display: flex takes the roles away
  );
}

interface WhoProps extends Pick<AuditTableProps, 'names' | 'messages'> {
  group: AuditGroup;
  href: Route;
}

function Who({ group, names, href, messages: { audit: text } }: WhoProps) {
  const people = [...new Set(group.map(({ userId }) => userId))];
  const [userId] = people;
  if (people.length === 1)
    return (
      <>
        <Person userId={userId} line={group[0]} names={names} text={text} />
        {group.length > 1 && (
          <>
            {' '}
            <Link href={href} prefetch={false}>
              {text.oneByOne}
            </Link>
          </>
        )}
      </>
    );
  const listed = people
    .slice(0, MAX_LISTED)
    .map((one) => (one === undefined ? text.unknownPerson : (names.get(one) ?? one)));
  const more = people.length - listed.length;
  return (
    <details className="many">
      <summary>{text.people(people.length)}</summary>
      <p className="hint">
        {listed.join(text.comma)}
        {more > 0 && ` ${text.more(more)}`}{' '}
        <Link href={href} prefetch={false}>
          {text.oneByOne}
        </Link>
      </p>
    </details>
  );
}

interface PersonProps extends Pick<AuditTableProps, 'names'> {
  userId: string | undefined;
  line: WrittenLine;
  text: Messages['audit'];
}

function Person({ userId, line, names, text }: PersonProps) {
  if (userId === undefined) {
    const isOurs = line.event === 'key-used' || line.event === 'everyone-ended';
    return <>{isOurs ? text.system : text.unknownPerson}</>;
  }
  const name = names.get(userId);
  if (name === undefined) return <bdi>{userId}</bdi>;
  return (
    <>
      <Link href={`/directory/people/${encodeURIComponent(userId)}`} prefetch={false}>
        <bdi>{name}</bdi>
      </Link>{' '}
      <span className="hint">{userId}</span>
    </>
  );
}
