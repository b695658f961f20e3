/** Family names with their pinyin. */
export const FAMILY_NAMES: readonly (readonly [string, string])[] = pairs(
  '王wang 李li 张zhang 刘liu 陈chen 杨yang 黄huang 赵zhao 吴wu 周zhou 徐xu 孙sun 马ma 朱zhu 胡hu 郭guo 何he 林lin 高gao 罗luo 郑zheng 梁liang 谢xie 宋song 唐tang 许xu 韩han 冯feng 邓deng 曹cao 彭peng 曾zeng 肖xiao 田tian 董dong 潘pan 袁yuan 蔡cai 蒋jiang 余yu 于yu 杜du 叶ye 程cheng 魏wei 苏su 吕lv 丁ding 任ren 卢lu 姚yao 沈shen 钟zhong 姜jiang 崔cui 谭tan 陆lu 范fan 汪wang 廖liao 石shi 金jin 韦wei 贾jia 夏xia 付fu 方fang 邹zou 熊xiong 白bai 孟meng 秦qin 邱qiu 侯hou 江jiang 尹yin 薛xue 阎yan 段duan 雷lei 欧阳ouyang 上官shangguan 诸葛zhuge 司马sima',
);

/** Syllables of given names with their pinyin. */
export const GIVEN_SYLLABLES: readonly (readonly [string, string])[] = pairs(
  '伟wei 芳fang 娜na 敏min 静jing 丽li 强qiang 磊lei 军jun 洋yang 勇yong 艳yan 杰jie 娟juan 涛tao 明ming 超chao 秀xiu 霞xia 平ping 刚gang 桂gui 文wen 辉hui 玲ling 建jian 国guo 华hua 红hong 梅mei 鑫xin 波bo 斌bin 宇yu 浩hao 凯kai 健jian 俊jun 帆fan 雪xue 婷ting 慧hui 颖ying 琳lin 晨chen 阳yang 佳jia 欣xin 怡yi 子zi 轩xuan 梓zi 涵han 雨yu 思si 诗shi 若ruo 一yi 嘉jia 天tian 晓xiao 小xiao 海hai 春chun 冬dong 志zhi 永yong 新xin 安an 宁ning 远yuan 山shan 川chuan 云yun 月yue 星xing 然ran 彤tong',
);

/** Names that break software, with the base of the userid. Their owners are members like the others. */
export const ODD_NAMES: readonly (readonly [string, string])[] = [
  ['Alice Johnson', 'alice.johnson'],
  ['<b>王加粗</b>', 'wang.jiacu'],
  ['محمد الأحمد', 'mohammed.alahmad'],
  ['Conor O’Neill "Con" O\'Brien', 'conor.oneill'],
  ['李\u200b零\u200d宽\ufeff', 'li.lingkuan'],
  ['👩‍👩‍👧‍👦赵开心🎉', 'zhao.kaixin'],
  [`阿卜杜热合曼·${'买买提'.repeat(24)}`, 'abudu.rehman'],
  ["Robert'); DROP TABLE staff;--", 'robert.tables'],
  ['\u202e反向书写\u202c', 'fan.xiang'],
  ['𠮷野 太郎', 'yoshino.taro'],
  ['Łukasz Żółć-Świerczyński', 'lukasz.zolc'],
  ['&lt;script&gt; 实体', 'shi.ti'],
  ['一', 'yi'],
  ['钱\u2028换行', 'qian.huanhang'],
  ['{{7*7}}#{7*7}%s', 'mo.ban'],
  ['null', 'null'],
  ['Zoë van der Berg', 'zoe.vanderberg'],
  ['Siobhán Ní Dhòmhnaill-Fitzgerald-Weatherby', 'siobhan.weatherby'],
];

/** Departments under the root, in the order in which a small company founds them. */
export const TOP_DEPARTMENTS: readonly string[] =
  '产品研发中心 市场营销部 人力资源部 财务部 客户成功部 供应链管理部 法务合规部 行政部 国际业务部 质量管理部 信息安全部 战略投资部'.split(
    ' ',
  );

/** Second half of the name of a department inside another. */
export const INNER_DEPARTMENTS: readonly string[] =
  '平台组 前端组 后端组 测试组 设计组 华东区 华南区 华北区 西南区 运营组 数据组 支持组 采购组 薪酬组 招聘组 增长组 品牌组 交付组 海外组 仓储组'.split(
    ' ',
  );

/** Positions of ordinary people; an empty one is a person without a title. */
export const TITLES: readonly string[] = [
  ...'软件工程师 高级软件工程师 产品经理 交互设计师 测试工程师 数据分析师 客户经理 招聘专员 会计 采购专员 法务专员 行政专员 实习生 架构师 运营专员'.split(
    ' ',
  ),
  'Customer Success Manager',
  '高级解决方案架构师（华东及长三角一体化示范区、兼新业务孵化与生态合作）',
  '',
];

/** Jobs that are roles in the address book, beside those of administration. */
export const JOB_ROLES: readonly string[] = '财务 人事 行政 采购 法务 前台 司机 安全员'.split(' ');

function pairs(text: string): (readonly [string, string])[] {
  return text.split(' ').map((entry) => {
    const latin = entry.search(/[a-z]/);
    return [entry.slice(0, latin), entry.slice(latin)] as const;
  });
}
