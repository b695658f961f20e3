import type { ReactNode } from 'react';
import { Watermark } from '@/app/_ui/watermark';
import './directory.css';

export default function DirectoryLayout({ children }: { children: ReactNode }) {
  return (
    <>
      {children}
      <Watermark />
    </>
  );
}
