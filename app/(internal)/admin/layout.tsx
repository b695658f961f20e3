import type { ReactNode } from 'react';
import './admin.css';

/** Styles of the administration: other pages need not load them. It guards nothing. */
export default function AdministrationLayout({ children }: { children: ReactNode }) {
  return children;
}
