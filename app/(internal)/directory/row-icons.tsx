import type { ReactNode } from 'react';
import { Icon } from '@/app/_ui/icon';

/** Icons of rows and search, drawn on the server: lists that the browser renders take them along. */
export interface DirectoryIcons {
  arrow: ReactNode;
  department: ReactNode;
  search: ReactNode;
  clear: ReactNode;
  nothing: ReactNode;
}

export const directoryIcons: DirectoryIcons = {
  arrow: <Icon name="right" size="s" className="arrow" />,
  department: <Icon name="department" />,
  search: <Icon name="search" size="s" className="icon-plain" />,
  clear: <Icon name="close" size="s" />,
  nothing: <Icon name="search" />,
};
