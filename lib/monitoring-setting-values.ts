import 'server-only';
import { z } from 'zod';
import { isLoopback, parsedBy, parseUrl } from './setting-values';

/** The kinds of values that the settings of metrics and alerts have. */

export const portNumber = z
  .string()
  .transform(
    parsedBy(
      (value) =>
        /^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) < 65_536 ? Number(value) : undefined,
      'must be a port from 1 to 65535 / 必须是 1 到 65535 的端口',
    ),
  )
  .optional();

/** With a token in it: a value that is not understood is never repeated. */
export const robotWebhook = z
  .string()
  .transform(
    parsedBy((value) => {
      const url = parseUrl(value);
      if (!url?.pathname.endsWith('/robot/send') || !url.searchParams.get('access_token')) return undefined;
      return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
        ? url
        : undefined;
    }, 'must be the webhook of a group’s robot, https://oapi.dingtalk.com/robot/send?access_token=… / 必须是群机器人的 Webhook 地址'),
  )
  .optional();

export const robotSecret = z
  .string()
  .regex(
    /^SEC[0-9A-Za-z]{16,128}$/,
    'must be the robot’s signing secret, which begins with SEC / 必须是机器人“加签”的密钥，以 SEC 开头',
  )
  .optional();
