import { z } from 'zod';
import { OTHER_CORP_ID, type Outsider } from '../company/outsiders';
import { ControlError } from '../platform/control-error';
import type { Platform } from '../platform/platform';

/** A code as the control plane requests it; by default a 免登 code of our app for our company. */
export const codeRequest = z.strictObject({
  userid: z.string().min(1),
  kind: z.enum(['jsapi', 'oauth']).optional(),
  corpId: z.string().optional(),
  clientId: z.string().optional(),
  /** Of an OAuth code; default `openid corpid`. */
  scopes: z.array(z.string()).optional(),
});

export type CodeOptions = Omit<z.input<typeof codeRequest>, 'userid'>;

/** What a page of a client asks for. */
export const clientCodeRequest = z.strictObject({
  userid: z.string().min(1),
  corpId: z.unknown(),
  clientId: z.unknown().optional(),
  url: z.url(),
});

/**
 * Makes a code as DingTalk's client or login page would. A dismissed person still gets one, because the
 * client does not know of the dismissal yet. @param id a userid, or the id of an outsider
 */
export function mintCode(platform: Platform, id: string, options: CodeOptions = {}): string {
  const { app, company, jsapiCodes, oauthCodes } = platform;
  const { kind = 'jsapi', clientId = app.clientId, scopes = ['openid', 'corpid'] } = options;
  const isMember = company.person(id) !== undefined || company.formerPerson(id) !== undefined;
  const outsider = company.outsiders.find((candidate) => candidate.id === id || candidate.userid === id);
  if (isMember) {
    const grant = { clientId, corpId: options.corpId ?? app.corpId, account: id };
    return kind === 'oauth'
      ? oauthCodes.mint({ ...grant, scopes })
      : jsapiCodes.mint({ ...grant, scopes: [] });
  }
  if (!outsider) throw new ControlError(404, `no member has the userid ${JSON.stringify(id)}`);
  if (kind === 'oauth') {
    const corpId = options.corpId ?? outsider.corpId;
    return oauthCodes.mint({ clientId, corpId, account: outsider.id, scopes });
  }
  const corpId = options.corpId ?? companyOf(platform, outsider);
  return jsapiCodes.mint({ clientId, corpId, account: outsider.userid ?? outsider.id, scopes: [] });
}

// Whose workbench the outsider stands in when opening the app.
function companyOf({ app }: Platform, { kind }: Outsider): string {
  if (kind === 'stranger') {
    throw new ControlError(400, 'a stranger is in no company: there is no workbench to open the app from');
  }
  return kind === 'external-contact' || kind === 'left' ? app.corpId : OTHER_CORP_ID;
}
