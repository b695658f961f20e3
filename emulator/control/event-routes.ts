import type { CallbackRequest } from '../platform/callback-sender';
import { type EventRequest, eventRequest } from '../platform/company-event';
import type { Platform } from '../platform/platform';
import type { StreamRequest } from '../platform/stream-gateway';
import type { Control } from './control';

/** The part of a control request that event routes use. */
interface EventRouteRequest {
  platform: Platform;
  control: Control;
  fields: Record<string, unknown>;
}

/** The control plane's routes about events, by method and path. */
export const EVENT_ROUTES: Record<string, (request: EventRouteRequest) => unknown> = {
  'POST events': ({ control, fields }) => control.events.emit(eventRequest.parse(fields) as EventRequest),
  'POST callback': ({ control, fields }) => control.events.subscribe(fields as unknown as CallbackRequest),
  'DELETE callback': ({ control }) => control.events.unsubscribe(),
  'GET callback': ({ platform, control }) => {
    const { callbacks } = platform.events;
    const { token: _token, aesKey: _aesKey, ...shown } = callbacks.subscription ?? {};
    return { subscription: callbacks.subscription && shown, deliveries: control.events.deliveries() };
  },
  'GET stream': ({ control }) => control.events.stream(),
  'POST stream': ({ control, fields }) => control.events.stream(fields as StreamRequest),
};
