import type { Route } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Page, Split } from '@/app/_ui/page-frame';
import { adminTabs } from '@/lib/dal/admin-tabs';
import { currentMessages } from '@/lib/http/language';

const TABS = {
  overview: '/admin',
  sessions: '/admin/sessions',
  audit: '/admin/audit',
  sync: '/admin/sync',
  access: '/admin/access',
  doctor: '/admin/doctor',
} as const satisfies Record<string, Route>;

interface AdminPageProps {
  tab: keyof typeof TABS;
  /** A form of this page was refused and led back here. */
  again?: boolean;
  side?: ReactNode;
  children: ReactNode;
}

/** A page of administration: what there is beside it, and the content. */
export async function AdminPage({ tab, again = false, side, children }: AdminPageProps) {
  const { messages } = await currentMessages();
  const text = messages.admin;
  const { isAdministrator, waiting } = await adminTabs();
  const tabs = isAdministrator ? (Object.keys(TABS) as (keyof typeof TABS)[]) : [];
  return (
    <Page title={isAdministrator ? text.title : text.tabs[tab]} again={again && messages.stepUp.again}>
      {tabs.length > 0 && (
        <nav className="tabs" aria-label={text.title}>
          {tabs.map((one) => (
            <Link key={one} href={TABS[one]} prefetch={false} aria-current={one === tab ? 'page' : undefined}>
              {text.tabs[one]}
              {one === 'sync' && waiting > 0 && (
                <span className="count">
                  <span aria-hidden="true">{waiting}</span>
                  <span className="for-readers"> {text.waiting(waiting)}</span>
                </span>
              )}
            </Link>
          ))}
        </nav>
      )}
      <Split side={side}>{children}</Split>
    </Page>
  );
}
