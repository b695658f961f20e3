import type { Field } from '@/app/_ui/field-list';
import { Linked } from '@/app/_ui/linked';
import type { PersonPage } from '@/lib/dal/directory';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import { callAddress } from './call-address';

/** A link that writes a mail; undefined for what is no address. */
export function mailAddress(email: string | undefined): string | undefined {
  if (email === undefined || !/^[^\s@<>,;:"\\]{1,64}@[^\s@<>,;:"\\]{1,255}$/.test(email)) return undefined;
  return `mailto:${email.split('@').map(encodeURIComponent).join('@')}`;
}

/**
 * A link that opens a page in DingTalk, from wherever it is followed.
 *
 * @see https://open.dingtalk.com/document/orgapp/private-chat-related-jump-protocol
 */
export function inDingTalkAddress(url: string): string {
  return `dingtalk://dingtalkclient/page/link?url=${encodeURIComponent(url)}`;
}

/** Ways to reach a person, as far as they are known. */
export function contactFields(person: PersonPage, text: DirectoryText): Field[] {
  const { mobile, mobileHidden, telephone, email, orgEmail, workPlace } = person;
  const mobileText = mobile ? (
    <Linked href={callAddress(mobile)}>{mobile}</Linked>
  ) : (
    mobileHidden && text.mobileHidden
  );
  return [
    { label: text.fields.mobile, value: mobileText },
    {
      label: text.fields.telephone,
      value: telephone && <Linked href={callAddress(telephone)}>{telephone}</Linked>,
    },
    {
      label: text.fields.orgEmail,
      value: orgEmail && <Linked href={mailAddress(orgEmail)}>{orgEmail}</Linked>,
    },
    { label: text.fields.email, value: email && <Linked href={mailAddress(email)}>{email}</Linked> },
    { label: text.fields.workPlace, value: workPlace },
  ].filter(({ value }) => Boolean(value));
}

/** What DingTalk did not tell of what people look for. */
export function withheld(person: PersonPage, { fields }: DirectoryText): string[] {
  const { mobile, mobileHidden, email, orgEmail, title, jobNumber } = person;
  const looked: [label: string, isKnown: boolean][] = [
    [fields.mobile, mobile !== undefined || mobileHidden],
    [fields.email, email !== undefined || orgEmail !== undefined],
    [fields.title, title !== undefined],
    [fields.jobNumber, jobNumber !== undefined],
  ];
  return looked.filter(([, isKnown]) => !isKnown).map(([label]) => label);
}
