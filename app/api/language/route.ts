import { methods } from '@/lib/auth/methods';
import { pageBehind } from '@/lib/auth/person-answer';
import { AppError } from '@/lib/errors';
import { languageCookie } from '@/lib/http/language';
import { asLocation } from '@/lib/http/return-to';
import { readForm } from '@/lib/http/route';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** Keeps a language for this browser, by the menu's form, and leads back to the page with the menu. */
  POST: {
    access: 'public',
    handler: async (request, context) => {
      const language = (await readForm(request)).get('language');
      if (language !== 'zh-CN' && language !== 'en') throw new AppError('bad-request', { hint: 'language' });
      context.setCookie(languageCookie(language));
      return new Response(null, { status: 303, headers: { location: asLocation(pageBehind(request)) } });
    },
  },
});
