/**
 * An order to fail, as `POST /__emulator/faults` takes it.
 *
 * @typedef {{ endpoint: string, times: number | 'always', fault: Record<string, unknown> }} FaultOrder
 */

/**
 * The faults of the open platform that the panel offers.
 *
 * @type {{ id: keyof import('./texts.js').Texts['faultNames'], orders: FaultOrder[] }[]}
 */
export const upstreamFaults = [
  { id: 'codeRefused', orders: [once('userinfo', { kind: 'errcode', errcode: 40078 })] },
  { id: 'busy', orders: [once('userdetail', { kind: 'errcode', errcode: -1 })] },
  { id: 'slow', orders: [always('any', { kind: 'delayHeaders', ms: 2000 })] },
  { id: 'permission', orders: [always('userdetail', { kind: 'errcode', errcode: 60011 })] },
  {
    id: 'ip',
    orders: [
      always('userinfo', { kind: 'errcode', errcode: 60020 }),
      always('userdetail', { kind: 'errcode', errcode: 60020 }),
    ],
  },
  { id: 'qps', orders: [always('userinfo', { kind: 'errcode', errcode: 90018 })] },
  { id: 'html', orders: [always('any', { kind: 'html' })] },
  { id: 'down', orders: [always('any', { kind: 'reset' })] },
];

/** @param {string} endpoint @param {Record<string, unknown>} fault @returns {FaultOrder} */
function once(endpoint, fault) {
  return { endpoint, times: 1, fault };
}

/** @param {string} endpoint @param {Record<string, unknown>} fault @returns {FaultOrder} */
function always(endpoint, fault) {
  return { endpoint, times: 'always', fault };
}

/**
 * The faults that wait for calls now, armed here or by the control plane.
 *
 * @returns {Promise<(FaultOrder & { id: string })[]>}
 */
export async function armedFaults() {
  const { faults } = await (await fetch('/__emulator/faults')).json();
  return faults.filter(({ remaining }) => remaining !== 0);
}

/** @param {FaultOrder[]} orders @throws when one was refused */
export async function armFaults(orders) {
  const answers = await Promise.all(orders.map(armFault));
  if (!answers.every(({ ok }) => ok)) throw new Error('an order was refused');
}

/** @param {FaultOrder} order */
function armFault(order) {
  return fetch('/__emulator/faults', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
}

/** Takes back what was ordered. @param {FaultOrder[]} orders */
export async function disarmFaults(orders) {
  const armed = await armedFaults();
  const ours = armed.filter((fault) => orders.some((order) => isSameFault(fault, order)));
  await Promise.all(ours.map(({ id }) => fetch(`/__emulator/faults/${id}`, { method: 'DELETE' })));
}

/** Takes back every fault, whatever armed it. */
export function disarmAll() {
  return fetch('/__emulator/faults', { method: 'DELETE' });
}

/** Whether an armed fault is what was ordered. @param {FaultOrder} armed @param {FaultOrder} order */
export function isSameFault(armed, order) {
  const asked = Object.entries(order.fault);
  return armed.endpoint === order.endpoint && asked.every(([name, value]) => armed.fault[name] === value);
}
