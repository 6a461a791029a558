import type { Command } from 'commander';

/** Names of commands, as they are typed, and what loads each. */
export interface CommandTree {
  readonly [name: string]: (() => Promise<Command>) | { readonly description: string; readonly commands: CommandTree };
}

/** Every command of `cardea`. Each is loaded when it is named: a whole platform takes longer to load than most commands to run. */
export const commands: CommandTree = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  demo: async () => (await import('./commands/demo.ts')).demo,
  drain: async () => (await import('./commands/drain.ts')).drain,
  login: async () => (await import('./commands/login.ts')).login,
  fsck: async () => (await import('./commands/fsck.ts')).fsck,
  export: async () => (await import('./commands/export.ts')).exportCase,
  verify: async () => (await import('./commands/verify.ts')).verify,
  recipient: {
    description: 'keys that open encrypted recordings',
    commands: {
      create: async () => (await import('./commands/recipient-create.ts')).recipientCreate,
    },
  },
  decrypt: async () => (await import('./commands/decrypt.ts')).decrypt,
  backup: async () => (await import('./commands/backup.ts')).backup,
  restore: async () => (await import('./commands/restore.ts')).restore,
  keys: {
    description: 'the keys of the platform',
    commands: {
      seal: async () => (await import('./commands/keys-seal.ts')).keysSeal,
    },
  },
  audit: {
    description: 'the log of who did and saw what',
    commands: {
      verify: async () => (await import('./commands/audit-verify.ts')).auditVerify,
    },
  },
  device: {
    description: 'run a device, send one a message, or change how the platform treats it',
    commands: {
      run: async () => (await import('./commands/device-run.ts')).deviceRun,
      simulate: async () => (await import('./commands/device-simulate.ts')).deviceSimulate,
      command: async () => (await import('./commands/device-command.ts')).deviceCommand,
      update: async () => (await import('./commands/device-update.ts')).deviceUpdate,
    },
  },
  user: {
    description: 'manage users',
    commands: {
      create: async () => (await import('./commands/user-create.ts')).userCreate,
    },
  },
  support: async () => (await import('./commands/support.ts')).support,
  firmware: {
    description: 'sign firmware and roll it out',
    commands: {
      keygen: async () => (await import('./commands/firmware-keygen.ts')).firmwareKeygen,
      sign: async () => (await import('./commands/firmware-sign.ts')).firmwareSign,
      upload: async () => (await import('./commands/firmware-upload.ts')).firmwareUpload,
      delete: async () => (await import('./commands/firmware-delete.ts')).firmwareDelete,
      campaign: async () => (await import('./commands/firmware-campaign.ts')).firmwareCampaign,
    },
  },
};
