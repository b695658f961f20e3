import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import { RefreshEvery } from '@/app/_ui/refresh-every';
import type { Lack } from '@/lib/dal/directory';
import { problems } from '@/lib/errors';
import type { Messages } from '@/lib/i18n';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import { permissionNamed } from '@/lib/permissions';

/** In place of a directory that nothing has been read into: why, what is missing by name, and who can mend it. */
export function EmptyDirectory({
  lack,
  text,
  messages,
}: {
  lack: Lack;
  text: DirectoryText;
  messages: Messages;
}) {
  const { problem, permissions } = lack;
  if (problem === undefined) {
    return (
      <section className="panel empty" role="status">
        <Icon name="people" />
        <h2 className="panel-title">{text.empty.title}</h2>
        <p className="hint">{text.none}</p>
        <RefreshEvery seconds={5} />
      </section>
    );
  }
  return (
    <section className="panel pad" role="status" data-testid="directory-empty">
      <h2 className="panel-title">{text.empty.title}</h2>
      <p>{permissions.length > 0 ? text.empty.permissionsMissing : text.empty.failed}</p>
      {permissions.length > 0 && (
        <ul className="dashes">
          {permissions.map(permissionNamed).map(({ point, name }) => (
            <li key={point}>
              <code>{point}</code> {name}
            </li>
          ))}
        </ul>
      )}
      <p>
        {text.empty.whoActs}
        {messages.actors[problems[problem].actor]}
      </p>
      <p>{permissions.length > 0 ? text.empty.howToApply : text.empty.seeStatus}</p>
      <p>
        <Link href="/admin/sync" prefetch={false}>
          {text.empty.administrators}
        </Link>
      </p>
    </section>
  );
}
