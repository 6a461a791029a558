import { createClient } from '@cardea/api';
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './theme/library.css';
import './theme/tokens.css';
import './theme/base.css';
import { endsLogin, isWorthRepeating } from './api/failure-policy.ts';
import { logInFromLink } from './api/one-time-login.ts';
import { forgetUser } from './api/queries.ts';
import { App } from './app.tsx';
import { browserClock } from './clock.ts';
import { createTexts } from './i18n/i18n.ts';
import { LastPictures } from './player/last-pictures.ts';

const api = createClient({ baseUrl: '' });
const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => endsLogin(error) && forgetUser(queries) }),
  defaultOptions: { queries: { retry: isWorthRepeating, refetchOnWindowFocus: false } },
});
const linkLogin = await logInFromLink(api);
// A login link opened in a page that is open already only changes the fragment.
window.addEventListener('hashchange', () => location.hash.startsWith('#login=') && location.reload());

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App
        services={{ api, clock: browserClock, pictures: new LastPictures() }}
        queries={queries}
        texts={createTexts()}
        linkLogin={linkLogin}
      />
    </StrictMode>,
  );
}
