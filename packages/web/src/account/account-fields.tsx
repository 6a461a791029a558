import { PasswordInput, TextInput } from '@mantine/core';
import type { FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

export interface NewAccount {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

export interface AccountFieldsProps {
  readonly account: NewAccount;
  readonly onChange: (account: NewAccount) => void;
  /** For an invitation that names whom it is for. */
  readonly fixedEmail?: boolean;
}

/** What somebody who makes an account is asked for. */
export function AccountFields({ account, onChange, fixedEmail = false }: AccountFieldsProps) {
  const { t } = useTranslation();
  const change = (member: keyof NewAccount) => (event: FormEvent<HTMLInputElement>) =>
    onChange({ ...account, [member]: event.currentTarget.value });
  return (
    <>
      <TextInput label={t('field.name')} autoComplete="name" required maxLength={80} value={account.name} onChange={change('name')} />
      <TextInput
        label={t('field.email')}
        type="email"
        autoComplete="username"
        required
        maxLength={254}
        readOnly={fixedEmail}
        value={account.email}
        onChange={change('email')}
      />
      <PasswordInput
        label={t('field.newPassword')}
        description={t('field.newPasswordHint')}
        autoComplete="new-password"
        required
        minLength={8}
        maxLength={256}
        visibilityToggleButtonProps={{ 'aria-label': t('field.showPassword') }}
        value={account.password}
        onChange={change('password')}
      />
    </>
  );
}
