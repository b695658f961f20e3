import { Addressed } from '@/app/_ui/addressed';
import { Page } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { currentName } from '@/lib/dal/current-name';
import { currentMessages } from '@/lib/http/language';

/** An example to copy: a sensitive page, for those who have just proved who they are. */
export default async function StepUpPage() {
  const member = await pageMember({ signedInWithinMinutes: 5 });
  const { messages } = await currentMessages();
  return (
    <Page title={messages.stepUp.title}>
      <p className="panel pad step-up-lead">
        <Addressed sentence={messages.stepUp.lead} name={await currentName(member)} />
      </p>
    </Page>
  );
}
