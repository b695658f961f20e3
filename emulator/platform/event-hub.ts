import { createAlarms } from './alarms';
import { type CallbackRequest, CheckFailure, createCallbackSender, type Delivery } from './callback-sender';
import type { Clock } from './clock';
import { type CompanyEvent, type EventRequest, toEvent } from './company-event';
import { ControlError } from './control-error';
import { createStreamGateway, type StreamReport, type StreamRequest } from './stream-gateway';

/** The events' part of the control plane, for tests in the same process. */
export interface EventControl {
  /** An event of the company. @returns the event's id */
  emit(request: EventRequest & { diff?: CompanyEvent['diff'] }): { eventId: string };
  /** Subscribes an address to callbacks, as the console does: it is checked first. @throws ControlError 400 */
  subscribe(request: CallbackRequest): Promise<void>;
  unsubscribe(): void;
  deliveries(): Delivery[];
  /** Changes the Stream gateway, or only reads it. */
  stream(request?: StreamRequest): StreamReport;
}

/** Everything that sends events. */
export type EventHub = ReturnType<typeof createEventHub>;

/** Makes a hub without a subscription and without Stream connections. */
export function createEventHub(options: {
  clock: Clock;
  app: { corpId: string; clientId: string; agentId: string };
  /** Where callbacks may go beside loopback. */
  callbackOrigins: readonly string[];
}) {
  const { clock, app } = options;
  const alarms = createAlarms(clock);
  const callbacks = createCallbackSender({
    clock,
    alarms,
    origins: options.callbackOrigins,
    clientId: app.clientId,
  });
  const gateway = createStreamGateway({ clock, alarms, appId: app.agentId });

  const control: EventControl = {
    emit(request) {
      const event = toEvent(request, { corpId: app.corpId, now: clock.now() });
      callbacks.send(event);
      gateway.send(event);
      return { eventId: event.id };
    },
    async subscribe(request) {
      await callbacks.subscribe(request).catch((error: unknown) => {
        throw error instanceof CheckFailure ? new ControlError(400, `check_url: ${error.message}`) : error;
      });
    },
    unsubscribe() {
      callbacks.subscription = undefined;
    },
    deliveries: () => callbacks.deliveries(),
    stream: (request = {}) => gateway.change(request),
  };

  return {
    control,
    callbacks,
    gateway,
    reset(): void {
      alarms.clear();
      callbacks.reset();
      gateway.reset();
    },
    close(): void {
      alarms.clear();
      gateway.close();
    },
  };
}
