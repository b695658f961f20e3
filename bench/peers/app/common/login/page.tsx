import { SignIn } from './sign-in';

export const dynamic = 'force-dynamic';

export default function Page() {
  return <SignIn corpId={process.env.DINGTALK_CORP_ID!} clientId={process.env.DINGTALK_CLIENT_ID!} />;
}
