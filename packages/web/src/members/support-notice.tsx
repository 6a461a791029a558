import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { homesQuery, meQuery } from '../api/queries.ts';
import { useApp } from '../app-context.ts';
import { Icon } from '../parts/icon.tsx';
import { instantText } from '../time-text.ts';
import { EndSupportButton } from './end-support-button.tsx';
import styles from './support-notice.module.css';

/** How soon those who belong to a home see that support was let in, or is gone. */
const REFRESH_MS = 60_000;

/** Says on every page who of those who run the platform may look into which home, why and until when; whoever looks after the home ends it here. */
export function SupportNotice() {
  const { t } = useTranslation();
  const { api, clock } = useApp();
  const me = useQuery(meQuery(api));
  const homes = useQuery({ ...homesQuery(api), refetchInterval: REFRESH_MS });
  const now = clock.nowMs();
  const running = homes.data?.flatMap((home) => (home.support ?? []).map((access) => ({ home, access }))) ?? [];
  return (
    <div role="status">
      {running
        .filter(({ access }) => access.until > now)
        .map(({ home, access: { name, reason, until, userId } }) => (
          <div key={`${home.id} ${userId}`} className={styles.notice}>
            <Icon name="warning" />
            <p>
              {userId === me.data?.id
                ? t('support.you', { home: home.name, time: instantText(until, now), reason })
                : t('support.running', { name, home: home.name, time: instantText(until, now), reason })}
            </p>
            {(home.actions.includes('manage') || userId === me.data?.id) && <EndSupportButton homeId={home.id} userId={userId} />}
          </div>
        ))}
    </div>
  );
}
