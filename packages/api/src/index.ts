export { type Action, actions, type Role, roleActions } from './actions.ts';
