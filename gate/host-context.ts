import 'server-only';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProtectedHost, ProtectedHosts } from '@/lib/http/protected-host';
import type { VisitorHeaders } from './sub-request';

/** A request for one of the gate's own addresses on a protected host. */
export interface HostContext {
  host: ProtectedHost;
  hosts: ProtectedHosts;
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  headers: VisitorHeaders;
}
