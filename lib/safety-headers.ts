/** What every answer carries, whoever gives it: a page, the API, Next by itself. The CSP is `proxy.ts`'s. */
export function safetyHeaders(publicOrigin: string): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    // Not no-referrer: under it browsers send "Origin: null" with our own forms.
    'referrer-policy': 'same-origin',
    'permissions-policy':
      'accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()',
    ...(publicOrigin.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}
