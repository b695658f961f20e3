import { createAlarms } from './alarms';
import {
  type CallbackRequest,
  type CallbackSender,
  CheckFailure,
  callbackRequest,
  createCallbackSender,
  type Delivery,
  type Subscription,
} from './callback-sender';
import type { Clock } from './clock';
import { type CompanyEvent, type EventRequest, toEvent } from './company-event';
import { ControlError } from './control-error';
import {
  createStreamGateway,
  type StreamGateway,
  type StreamReport,
  type StreamRequest,
} from './stream-gateway';

/** The events' part of the control plane, for tests in the same process. */
export interface EventControl {
  /** Something happens in the company. @returns the event's id */
  emit(request: EventRequest & { diff?: CompanyEvent['diff'] }): { eventId: string };
  /** Has callbacks sent, as if entered in the console: the address is tried first. @throws ControlError 400 */
  subscribe(request: CallbackRequest): Promise<void>;
  unsubscribe(): void;
  deliveries(): Delivery[];
  /** Changes the Stream gateway, or only reads it. */
  stream(request?: StreamRequest): StreamReport;
}

/** Everything that sends events. */
export interface EventHub {
  readonly control: EventControl;
  readonly callbacks: CallbackSender;
  readonly gateway: StreamGateway;
  reset(): void;
  close(): void;
}

/** Makes a hub that nobody listens to yet. */
export function createEventHub(options: {
  clock: Clock;
  app: { corpId: string; clientId: string; agentId: string };
  /** Where callbacks may go beside loopback. */
  callbackOrigins: readonly string[];
}): EventHub {
  const { clock, app } = options;
  const alarms = createAlarms(clock);
  const callbacks = createCallbackSender({ clock, alarms, origins: options.callbackOrigins });
  const gateway = createStreamGateway({ clock, alarms, appId: app.agentId });

  const control: EventControl = {
    emit(request) {
      const event = toEvent(request, { corpId: app.corpId, now: clock.now() });
      callbacks.send(event);
      gateway.send(event);
      return { eventId: event.id };
    },
    async subscribe(request) {
      const { check, ...wanted } = callbackRequest.parse(request);
      const subscription = toSubscription(wanted, app.clientId);
      try {
        if (check !== false) await callbacks.check(subscription);
      } catch (error) {
        if (error instanceof CheckFailure) throw new ControlError(400, `check_url: ${error.message}`);
        throw error;
      }
      callbacks.subscription = subscription;
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
    reset() {
      alarms.clear();
      callbacks.reset();
      gateway.reset();
    },
    close() {
      alarms.clear();
      gateway.close();
    },
  };
}

/** Fills in what an order leaves open. */
export function toSubscription(wanted: Omit<CallbackRequest, 'check'>, ownerKey: string): Subscription {
  const { url, token, aesKey, tags } = wanted;
  return {
    url,
    token,
    aesKey,
    tags,
    ownerKey: wanted.ownerKey ?? ownerKey,
    keyStyle: wanted.keyStyle ?? 'pascal',
    signatureName: wanted.signatureName ?? 'both',
    timestampName: wanted.timestampName ?? 'timestamp',
  };
}
