import type { ReactNode } from 'react';
import './directory.css';

/** Styles of the directory. It guards nothing. */
export default function DirectoryLayout({ children }: { children: ReactNode }) {
  return children;
}
