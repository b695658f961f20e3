'use client';

import type { Route } from 'next';
import Link from 'next/link';
import { usePathname, useRouter } from 'next/navigation';
import { type MouseEvent, type ReactNode, useEffect } from 'react';
import { withoutBasePath } from '@/lib/base-path';

/** Paths of this document, oldest first, as the browser's history has them. */
const trail: string[] = [];

/** Follows the visitor from page to page, so that the link back knows whether they came from one of ours. */
export function Trail() {
  const path = usePathname();
  useEffect(() => {
    if (trail[trail.length - 2] === path) trail.pop();
    else if (trail[trail.length - 1] !== path) trail.push(path);
  }, [path]);
  return null;
}

interface BackLinkProps {
  /** Where it leads without JavaScript, and for those who came from elsewhere. */
  href: Route;
  className: string;
  children: ReactNode;
}

/** Back to where the visitor came from: a search has its words, a long list its place. */
export function BackLink({ href, className, children }: BackLinkProps) {
  const router = useRouter();
  const goBack = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (cameFromOurs()) router.back();
    else {
      // Not one entry more: the way back from there would lead here again.
      trail.pop();
      router.replace(href);
    }
  };
  return (
    <Link className={className} href={href} prefetch={false} onClick={goBack}>
      {children}
    </Link>
  );
}

function cameFromOurs(): boolean {
  if (trail.length > 1) return true;
  if (!document.referrer.startsWith(`${location.origin}/`)) return false;
  const { pathname } = new URL(document.referrer);
  return pathname !== location.pathname && withoutBasePath(pathname) !== '/login';
}
