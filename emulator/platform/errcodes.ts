/** DingTalk's texts by errcode. Texts are not contractual; programs branch on the number. */
export const ERRMSG: Readonly<Record<number, string>> = {
  [-1]: '系统繁忙',
  15: '调用超时',
  40: 'Missing required arguments',
  41: 'Invalid arguments',
  404: '请求的URI地址不存在',
  33001: '无效的企业ID',
  33011: '无效的roleId',
  33012: '无效的USERID',
  40000: 'access_token is blank',
  40001: '获取access_token时Secret错误，或者access_token无效',
  40014: '不合法的access_token',
  40035: '不合法的参数',
  40068: '不合法的偏移量',
  40069: '不合法的分页大小',
  40078: '不存在的临时授权码',
  40079: '不存在的授权信息',
  40089: '不合法的corpId或corpSecret',
  40096: '不合法的appKey或appSecret',
  40102: '过期的临时授权码',
  40104: '无效手机号',
  41001: '缺少access_token参数',
  42001: 'access_token超时',
  43002: '需要POST请求',
  43007: '需要授权',
  45009: '接口调用超过限制',
  47001: '解析JSON/XML内容错误',
  48002: 'Api禁用',
  50002: '请求的员工userid不在授权范围内',
  50003: '应用已停用',
  50004: '请求的部门id不在授权范围内',
  50005: '企业已禁用',
  60003: '部门不存在',
  60011: '没有调用该接口的权限',
  60019: '从部门查询人员失败',
  60020: '访问ip不在白名单之中',
  60120: '用户已禁用',
  60121: '找不到该用户',
  130101: 'send too fast',
  300005: 'token is not exist',
  310000: 'sign not match',
  90002:
    '当前所有钉钉应用调用该接口次数过多，超出了该接口承受的最大qps，请求被暂时限制了，建议错开整点时刻调用该接口',
  90018: '您的应用调用该接口次数过多，超出了该接口承受的最大qps，请求被暂时限制了',
  90020: '您的企业本月调用接口次数已超过配额，请求被暂时禁用了',
  400001: '系统错误',
  400002: '参数错误',
};

/** Codes of the gateway: within /topapi they come wrapped in errcode 88. */
export function isGatewayCode(errcode: number): boolean {
  return [40000, 40014, 60011, 60020].includes(errcode) || (errcode >= 90001 && errcode <= 90020);
}

/** The answer of a v1.0 endpoint that says the same as a legacy errcode: HTTP status, code and text. */
export function toV1Code(errcode: number): { status: number; code: string; message: string } {
  const [status, code] = V1_CODES[errcode] ?? [500, 'unknownError'];
  return { status, code, message: errcode in V1_CODES ? (ERRMSG[errcode] ?? code) : '未知错误' };
}

const V1_CODES: Readonly<Record<number, readonly [number, string]>> = {
  [-1]: [500, 'system.busy'],
  15: [504, 'service timeout'],
  40001: [400, 'invalidClientIdOrSecret'],
  40014: [400, 'InvalidAuthentication'],
  42001: [400, 'InvalidAuthentication'],
  40035: [400, 'invalidParameter.param.invalid'],
  40078: [400, 'invalidParameter.authCode.notFound'],
  40089: [400, 'invalidClientIdOrSecret'],
  40096: [400, 'invalidClientIdOrSecret'],
  60011: [403, 'Forbidden.AccessDenied.AccessTokenPermissionDenied'],
  60020: [403, 'Forbidden.AccessDenied.IpNotInWhiteList'],
  60121: [404, 'invalidParameter.user.notFound'],
  90002: [403, 'Forbidden.AccessDenied.QpsLimitForApi'],
  90018: [403, 'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi'],
  90020: [403, 'Forbidden.AccessDenied.ApiCountLimitForOrg'],
  400002: [400, 'parameter.error'],
};
