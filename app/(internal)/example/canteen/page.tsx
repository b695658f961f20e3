import { Choices } from '@/app/_ui/choices';
import { Page } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';

const DISHES = ['宫保鸡丁套餐', '清蒸鲈鱼套餐', '素什锦套餐'];

export default async function CanteenPage({ searchParams }: PageProps<'/example/canteen'>) {
  await pageMember(); // not signed in: off to sign-in, then back to this address
  const { dish } = await searchParams;
  const ordered = DISHES.find((one) => one === dish);
  return (
    <Page title="食堂订餐" lead="今天的午餐，10:30 前可以更改" done={ordered && `已订餐：${ordered}`}>
      <Choices name="dish" options={DISHES} action="/api/example/canteen" button="订餐" />
    </Page>
  );
}
