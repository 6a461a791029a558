import { Link } from 'react-router';
import { type Camera, cameraPath } from '../camera/camera.ts';
import { LiveView } from '../player/live-view.tsx';
import { useInSight } from '../player/use-in-sight.ts';
import { useLive } from '../player/use-live.ts';
import styles from './camera-tile.module.css';

/** One camera of the grid: its small stream while it is in sight. A tile never wakes a camera, nor keeps one awake. */
export function CameraTile({ camera }: { readonly camera: Camera }) {
  const { ref, inSight } = useInSight<HTMLAnchorElement>();
  const { device, channel, name, streams } = camera;
  const stream = streams.includes('sub') ? 'sub' : 'main';
  const reachable = device.state === 'online' || device.state === 'suspect';
  const spares = device.battery?.source === 'battery';
  const live = useLive({ deviceId: device.id, channel, stream, enabled: reachable && !spares && inSight });
  return (
    <Link ref={ref} to={cameraPath(camera)} className={styles.tile}>
      <LiveView device={device} channel={channel} live={live} muted explains={false}>
        <span className={styles.name}>{name}</span>
      </LiveView>
    </Link>
  );
}
