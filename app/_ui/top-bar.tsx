import type { Route } from 'next';
import { headers } from 'next/headers';
import Link from 'next/link';
import { withBasePath } from '@/lib/base-path';
import { brand } from '@/lib/brand';
import { isAvatarAllowed } from '@/lib/dal/avatar';
import { type OwnCard, ownCard } from '@/lib/dal/own-card';
import { TARGET_HEADER } from '@/lib/http/internal-headers';
import { currentClient, currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import { openEntries } from '../entries';
import { Avatar } from './avatar';
import { Icon, type IconName } from './icon';
import { Mark } from './mark';

/** The bar above every internal page: the company, the parts of the app, and the member's menu. */
export async function TopBar() {
  const { language, messages } = await currentMessages();
  const [card, parts, target] = [await ownCard(), await partsOf(messages, language), await ownTarget()];
  const { isDingTalk, isPhone } = await currentClient();
  const name = brand().name?.[language] ?? card?.company ?? messages.appName;
  return (
    <header className="top">
      <div className="top-in">
        <Link className="brand" href="/" prefetch={false}>
          <Mark />
          <span className="brand-name">
            <bdi>{name}</bdi>
          </span>
        </Link>
        <nav className="top-nav" aria-label={messages.frame.parts}>
          {parts.map(({ href, label, root }) => (
            <Link
              key={href}
              href={href}
              prefetch={false}
              aria-current={isWithin(target.replace(/[?#].*$/s, ''), root) ? 'page' : undefined}
            >
              {label}
            </Link>
          ))}
        </nav>
        {card && (
          <Menu
            card={card}
            parts={parts}
            // Clients on phones have no way to another browser.
            handOff={isDingTalk && !isPhone && !/^\/hand-off\b/.test(target) ? target : undefined}
            language={language}
            messages={messages}
          />
        )}
      </div>
    </header>
  );
}

interface Part {
  href: Route;
  /** Every address below it belongs to this part. */
  root: string;
  label: string;
  icon: IconName;
}

async function partsOf(messages: Messages, language: Language): Promise<Part[]> {
  const entries = await openEntries();
  const [administration] = entries.filter(({ group }) => group === 'administration');
  return [
    { href: '/', root: '/', label: messages.frame.home, icon: 'home' },
    ...entries
      .filter(({ inBar }) => inBar)
      .map(({ href, icon, name }) => ({ href, root: href, icon, label: name(messages, language) })),
    ...(administration
      ? [
          {
            href: administration.href,
            root: '/admin',
            icon: 'gauge' as const,
            label: messages.frame.administration,
          },
        ]
      : []),
  ];
}

interface MenuProps {
  card: OwnCard;
  parts: Part[];
  /** The page that can be opened in the system's browser. */
  handOff: string | undefined;
  language: Language;
  messages: Messages;
}

/** Needs no JavaScript; a tap anywhere else hits the summary again, and closes it. */
function Menu({
  card: { userId, name, avatarUrl, departments, title },
  parts,
  handOff,
  language,
  messages,
}: MenuProps) {
  const { frame } = messages;
  const work = [departments[0], title].filter(Boolean).join(' · ');
  const [other, label] = language === 'en' ? (['zh-CN', '中文'] as const) : (['en', 'English'] as const);
  return (
    <details className="menu">
      <summary>
        <span className="menu-face">
          <Avatar
            name={name}
            url={isAvatarAllowed(avatarUrl) ? avatarUrl : undefined}
            userId={userId}
            size="s"
          />
          <bdi className="menu-name">{name}</bdi>
          <span className="for-readers">{frame.menu}</span>
          <Icon name="down" size="xs" />
        </span>
      </summary>
      <div className="menu-panel">
        <div className="menu-head">
          <strong className="clamp-2">
            <bdi>{name}</bdi>
          </strong>
          {work && <p className="clamp-2">{work}</p>}
        </div>
        <MenuLink href="/me" icon="user" label={messages.me.title} />
        <MenuLink href="/me/sessions" icon="devices" label={messages.devices.title} />
        {handOff && (
          <MenuLink
            href={`/hand-off?${new URLSearchParams({ next: handOff })}`}
            icon="globe"
            label={messages.ticket.handOff.menu}
          />
        )}
        <div className="only-phone menu-end">
          {parts.map((part) => (
            <MenuLink key={part.href} {...part} />
          ))}
        </div>
        <form className="menu-end" method="post" action={withBasePath('/api/language')}>
          <button type="submit" className="menu-item" name="language" value={other}>
            <Icon name="language" size="s" className="icon-plain" />
            <span className="for-readers">{frame.language}</span>
            <span lang={other}>{label}</span>
          </button>
        </form>
        <form method="post" action={withBasePath('/api/session/sign-out')}>
          <button type="submit" className="menu-item">
            <Icon name="signout" size="s" className="icon-plain" />
            {frame.signOut}
          </button>
        </form>
      </div>
    </details>
  );
}

function MenuLink({ href, icon, label }: Pick<Part, 'href' | 'icon' | 'label'>) {
  return (
    <Link className="menu-item" href={href} prefetch={false}>
      <Icon name={icon} size="s" className="icon-plain" />
      {label}
    </Link>
  );
}

/** Path and query of this page. */
async function ownTarget(): Promise<string> {
  return (await headers()).get(TARGET_HEADER) ?? '/';
}

function isWithin(address: string, root: string): boolean {
  return address === root || (root !== '/' && address.startsWith(`${root}/`));
}
