import { Choices } from '@/app/_ui/choices';
import { Page } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';

export default async function CanteenPage({ searchParams }: PageProps<'/example/canteen'>) {
  await pageMember(); // not signed in: off to sign-in, then back to this address
  return (
    <Page title="食堂订餐" lead="今天的午餐，10:30 前可以更改" done={(await searchParams).ordered}>
      <Choices
        name="dish"
        options={['宫保鸡丁', '清蒸鲈鱼', '素什锦']}
        action="/api/example/canteen"
        button="订餐"
      />
    </Page>
  );
}
