import type { Metadata, Route } from 'next';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { currentMessages } from '@/lib/http/language';
import type { Messages } from '@/lib/i18n';

interface PageProps {
  back: { href?: Route; label: string };
  /** Left out where the content has its own heading. */
  title?: string;
  /** The sentence for a person whom a refused form or link leads back here. @see lib/auth/person-answer.ts */
  again?: string | false;
  children: ReactNode;
}

/** The frame of an internal page: the link back, the title, and the content. */
export function Page({ back, title, again, children }: PageProps) {
  return (
    <main className="page">
      <header className="bar">
        <Link className="bar-back" href={back.href ?? '/'} prefetch={false}>
          ‹ {back.label}
        </Link>
      </header>
      {title && <h1 className="page-title">{title}</h1>}
      {again && (
        <p className="note note-warning" role="status">
          {again}
        </p>
      )}
      {children}
    </main>
  );
}

/** A page's `generateMetadata`. @param parts the title, from the narrowest to the widest, in the visitor's language */
export function titled(parts: (messages: Messages) => string[]): () => Promise<Metadata> {
  return async () => ({ title: parts((await currentMessages()).messages).join(' · ') });
}

/** A parameter of an address; empty when it is absent or given several times. */
export function oneValue(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
