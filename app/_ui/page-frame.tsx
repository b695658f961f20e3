import type { Metadata, Route } from 'next';
import { headers } from 'next/headers';
import type { ReactNode } from 'react';
import { brand } from '@/lib/brand';
import { config } from '@/lib/config';
import { currentClient, currentMessages } from '@/lib/http/language';
import { safeReturnTo } from '@/lib/http/return-to';
import type { Messages } from '@/lib/i18n';
import { DingTalkTitle } from './dingtalk-title';
import { Icon } from './icon';
import { Note } from './note';
import { TopBar } from './top-bar';
import { BackLink } from './trail';

interface PageProps {
  /** The page's heading, and in DingTalk the title of its own bar. Left out where the content has its own heading. */
  title?: string;
  /** The page above this one: its address, or what to call it. The first page by default. */
  back?: Route | { href?: Route; label: string };
  /** Links and buttons of the whole page, beside its title. */
  actions?: ReactNode;
  /** A line below the title. */
  lead?: ReactNode;
  /** A second column, where there is room for one. */
  side?: ReactNode;
  /** What was just done, in a sentence. */
  done?: ReactNode;
  /** The sentence for a person whom a refused form or link leads back here. @see lib/auth/person-answer.ts */
  again?: string | false;
  children: ReactNode;
}

/** An internal page: the bar, the way back, the title with what can be done, the content. */
export async function Page({ title, back, actions, lead, side, done, again, children }: PageProps) {
  const { isDingTalk, isPhone } = await currentClient();
  // Above the page, DingTalk shows a bar of its own with title and way back.
  const hasOwnBar = isDingTalk && isPhone;
  return (
    <Sheet kind={hasOwnBar ? 'sub in-dingtalk' : 'sub'}>
      <main id="main" className="page">
        <div className="page-head">
          {!hasOwnBar && <Back to={back} isTitled={title !== undefined} />}
          {title !== undefined && (
            <h1 className={hasOwnBar ? 'for-readers' : 'page-title clamp-2'}>{title}</h1>
          )}
          {hasOwnBar && title !== undefined && <DingTalkTitle title={title} />}
          {actions && <div className="page-actions">{actions}</div>}
          {lead && <p className="page-lead">{lead}</p>}
        </div>
        {done && <Note kind="ok">{done}</Note>}
        {again && <Note kind="warn">{again}</Note>}
        <Split side={side}>{children}</Split>
      </main>
    </Sheet>
  );
}

/** The content, and beside it a second column where there is one. */
export function Split({ side, children }: Pick<PageProps, 'side' | 'children'>) {
  if (!side) return children;
  return (
    <div className="split">
      <div>{children}</div>
      <div className="side">{side}</div>
    </div>
  );
}

/** Bar and foot around the content of a page. */
export async function Sheet({ kind, children }: { kind: string; children: ReactNode }) {
  const { language, messages } = await currentMessages();
  const { footer, support } = brand();
  return (
    <div className={`sheet ${kind}`}>
      <a className="skip" href="#main">
        {messages.frame.skip}
      </a>
      <TopBar />
      {children}
      {(footer || support) && (
        <footer className="foot">
          {footer?.[language]} {support && <a href={support.href}>{support.text[language]}</a>}
        </footer>
      )}
    </div>
  );
}

async function Back({ to, isTitled }: { to: PageProps['back']; isTitled: boolean }) {
  const { messages } = await currentMessages();
  const { href, label } =
    typeof to === 'string' ? { href: to, label: undefined } : { href: to?.href, label: to?.label };
  const above = href ?? '/';
  return (
    <BackLink className={isTitled ? 'back back-titled' : 'back'} href={await asLeft(above)}>
      <Icon name="left" />
      <span className="back-label">
        <span className="for-readers">{messages.frame.back}</span>
        {label ?? (above === '/' ? messages.frame.home : messages.frame.back)}
      </span>
    </BackLink>
  );
}

/** The page above as the visitor left it: a search keeps its words. */
async function asLeft(above: Route): Promise<Route> {
  const referer = (await headers()).get('referer') ?? '';
  const { publicUrl } = config();
  if (!referer.startsWith(`${publicUrl}${above}?`)) return above;
  return safeReturnTo(referer.slice(publicUrl.length)) as Route;
}

/** A page's `generateMetadata`. @param parts the title, from the narrowest to the widest, in the visitor's language */
export function titled(parts: (messages: Messages) => string[]): () => Promise<Metadata> {
  return async () => {
    const { messages } = await currentMessages();
    return { title: [...new Set([...parts(messages), messages.appName])].join(' · ') };
  };
}

/** A parameter of an address; empty when it is absent or given several times. */
export function oneValue(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
