import type { ReactNode } from 'react';
import { Watermark } from '@/app/_ui/watermark';
import '../../_ui/device.css';
import './admin.css';

export default function AdminLayout({ children }: { children: ReactNode }) {
  return (
    <>
      {children}
      <Watermark />
    </>
  );
}
