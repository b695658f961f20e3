import type { ReactNode } from 'react';
import { Watermark } from '@/app/_ui/watermark';
import './directory.css';

/** Styles of this area: other pages need not load them. It guards nothing. */
export default function DirectoryLayout({ children }: { children: ReactNode }) {
  return (
    <>
      {children}
      <Watermark />
    </>
  );
}
