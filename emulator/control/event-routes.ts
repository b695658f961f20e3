import type { CallbackRequest } from '../platform/callback-sender';
import { type EventRequest, eventRequest } from '../platform/company-event';
import type { EventHub } from '../platform/event-hub';
import type { StreamRequest } from '../platform/stream-gateway';

/** The control plane's routes about events. @returns undefined where a route is not one of them */
export function runEventRoute(
  { control, callbacks }: EventHub,
  route: string,
  fields: Record<string, unknown>,
): Promise<object> | object | undefined {
  switch (route) {
    case 'POST events':
      return control.emit(eventRequest.parse(fields) as EventRequest);
    case 'POST callback':
      return control.subscribe(fields as unknown as CallbackRequest).then(() => ({ ok: true }));
    case 'DELETE callback':
      control.unsubscribe();
      return { ok: true };
    case 'GET callback': {
      const { token: _token, aesKey: _aesKey, ...shown } = callbacks.subscription ?? {};
      return { subscription: callbacks.subscription && shown, deliveries: control.deliveries() };
    }
    case 'GET stream':
      return control.stream();
    case 'POST stream':
      return control.stream(fields as StreamRequest);
    default:
      return undefined;
  }
}
