"""Messages of providers, models and generations: code -> lazy text."""

from django.utils.translation import gettext_lazy as _

AI_SUCCESS = {
    "provider_created": _("The provider was added."),
    "provider_updated": _("The provider was saved."),
    "provider_saved_key_invalid": _("Saved, but the service refused the API key, so the provider is switched off."),
    "provider_saved_key_unchecked": _("Saved, but the API key could not be checked with the service."),
    "provider_activated": _("The provider is switched on."),
    "provider_deactivated": _("The provider is switched off."),
    "api_key_valid": _("The service accepts the API key."),
    "api_key_not_valid": _("The service refuses the API key."),
    "api_key_not_checked": _("The API key could not be checked with the service."),
    "model_created": _("The model was added."),
    "model_updated": _("The model was saved."),
    "models_synced": _("The models were brought in line with the service's own list."),
    "models_compared": _("Nothing was written: this is what bringing the models in line would change."),
    "openrouter_models_listed": _("OpenRouter's image models."),
    "openrouter_models_stale": _(
        "These are the models as last read; OpenRouter is being asked anew, or does not answer."
    ),
    "openrouter_cache_cleared": _("The stored list of OpenRouter's models was cleared."),
    "image_generated": _("The picture is ready."),
    "image_generated_and_saved": _("The picture is ready and in the library."),
    "image_partly_generated": _("Some of the pictures are ready; the others failed."),
    "image_saved": _("Saved in the library."),
    "settings_saved": _("Your settings were saved."),
    "settings_saved_key_invalid": _("Saved, but the service refused your API key, so it is not used."),
    "settings_saved_key_unchecked": _("Saved, but your API key could not be checked with the service."),
    "limits_saved": _("The limits were saved."),
}

AI_ERRORS = {
    "model_no_image_capability": _("This model does not make pictures."),
    "model_no_edit_capability": _("This model does not make pictures from others."),
    "adapter_missing": _("Negareh cannot speak to this provider yet."),
    "api_key_required": _("The provider has no API key. Send shared_api_key first."),
    "api_key_invalid": _("The service refuses the stored API key."),
    "api_key_required_for_new_url": _(
        "A key is stored for the old address. Send shared_api_key together with the new address or adapter."
    ),
    "key_changed_meanwhile": _("The key or the address was changed while the key was being checked. Try again."),
    "provider_switched_off": _("The provider is switched off; a personal key can be entered once it is on again."),
    "personal_keys_not_allowed": _("This provider takes no personal keys."),
    "provider_needs_no_key": _("This provider needs no key."),
    "personal_key_required": _("You have no key at this provider. Send personal_api_key first."),
    "personal_key_outdated": _("The provider's address changed after you entered your key. Enter the key again."),
    "model_access_denied": _("You cannot use this model: %(why)s"),
    "model_disabled": _("This model cannot be used now: %(why)s"),
    "price_unknown_blocked": _("The price of this model is unknown, and this provider blocks unknown prices."),
    "key_source_changed": _("The key that would be used is another one than you expected."),
    "content_refused": _("The service refused this request under its content policy."),
    "provider_key_invalid": _("The service refused the API key."),
    "provider_quota_exhausted": _("The account at the service has no credit left."),
    "provider_rejected": _("The service rejected the request."),
    "provider_broken_answer": _("The service's answer could not be read."),
    "no_image_returned": _("The service answered without a picture."),
    "unsupported_image_type": _("The service sent something that is no picture of a kept type."),
    "provider_error": _("The service failed."),
    "provider_overloaded": _("The service is overloaded. Try again shortly."),
    "provider_rate_limited": _("The service limits how often it may be asked. Try again shortly."),
    "provider_unreachable": _("The service could not be reached."),
    "provider_timeout": _("The service did not answer in time."),
    "result_gone": _("This picture was not saved and is no longer kept."),
    "nothing_to_save": _("There is no picture left to save."),
}

AI_FIELD_ERRORS = {
    "unsupported_parameter": _("This model has no such parameter."),
    "not_offered": _("This model offers: %(choices)s."),
    "size_not_offered": _(
        "This size is outside the model's limits; width and height must be multiples of %(step)s. "
        "Common sizes: %(choices)s."
    ),
    "size_not_kept": _("This size is larger than any picture that is kept here."),
    "transparent_needs_png_or_webp": _("A transparent background needs the format png or webp."),
    "compression_needs_jpeg_or_webp": _("Compression needs the format jpeg or webp."),
    "size_or_ratio": _("Send either size, or aspect_ratio and resolution."),
    "previews_need_one_picture": _("Previews are streamed for one picture at a time."),
    "unknown_asset": _("There is no such picture in the library."),
    "too_many_references": _("There can be at most %(limit)s reference pictures."),
    "references_too_large": _("The reference pictures together have more than %(limit)s bytes."),
    "one_mask": _("Send either mask or mask_asset."),
    "mask_not_png": _("A mask is a PNG."),
    "mask_too_large": _("The mask has more than %(limit)s bytes."),
    "mask_size_differs": _("The mask must be as large as the first reference picture: %(size)s."),
    "mask_not_transparent": _("The mask has no alpha channel: the picture changes where the mask is transparent."),
    "unknown_model": _("There is no such model."),
    "unknown_provider": _("There is no such provider."),
    "unknown_adapter": _("There is no such adapter. Known: %(choices)s."),
    "model_or_model_id": _("Send either model_id or model."),
    "url_not_allowed": _("This address may not be called: use https and a public host."),
    "base_url_required": _("This adapter needs a base URL."),
    "not_printable_ascii": _("An API key consists of printable ASCII characters."),
    "not_an_image_spec": _("This is not a valid image spec: %(problem)s"),
    "not_pricing": _("This is not a valid list of prices: %(problem)s"),
    "unknown_capability": _("There is no capability %(capability)s."),
    "model_id_taken": _("This provider already has a model with this id."),
    "slug_invalid": _("Use lower-case Latin letters, digits, hyphens and underscores."),
    "not_storable": _("This holds a character or a number that cannot be stored, or is nested too deep."),
}

AI_REASONS = {
    "person_inactive": _("the account is switched off."),
    "provider_inactive": _("the provider is switched off."),
    "model_inactive": _("the model is switched off."),
    "model_shut_down": _("the service ended the model on %(date)s."),
    "permission_missing": _("the permission to generate pictures is missing."),
    "shared_key_preferred": _("both keys can be used and the shared key is preferred."),
    "personal_key_preferred": _("both keys can be used and the personal key comes first."),
    "shared_key_only": _("the shared key is used."),
    "personal_key_only": _("the personal key is used."),
    "no_key_needed": _("this provider needs no key."),
    "personal_key_invalid": _("the service refused the personal key."),
    "personal_key_inactive": _("the personal key is switched off."),
    "personal_key_set_aside": _("the provider's address changed after the personal key was entered."),
    "shared_key_invalid": _("the service refused the shared key."),
    "shared_key_reserved": _("the shared key is reserved for super admins."),
    "no_key": _("there is no key to use."),
}

AI_NOTES = {
    "prompt_tokens_cost_extra": _("The words of the prompt cost extra, by their tokens."),
    "reference_pictures_cost_extra": _("Reference pictures cost extra, by their tokens."),
    "model_ends_soon": _("The service ends this model on %(date)s."),
    "model_has_ended": _("The service ended this model on %(date)s."),
    "model_vanished": _("The service no longer lists this model."),
}

AI_REMEDIES = {
    "ask_super_admin_to_activate_account": _("A super admin can switch the account on."),
    "ask_super_admin_to_activate_provider": _("A super admin can switch the provider on."),
    "ask_super_admin_to_activate_model": _("A super admin can switch the model on."),
    "choose_replacement": _("Choose another model: %(replacement)s."),
    "choose_another_model": _("Choose another model."),
    "ask_super_admin_for_permission": _("A super admin can add the person to the group AI managers."),
    "switch_personal_key_on": _("Switch the personal key on, or ask a super admin for the shared key."),
    "enter_personal_key": _("Enter a personal key, or ask a super admin for the shared key."),
    "ask_super_admin_for_key": _("A super admin can enter a valid shared key or open it to AI managers."),
}
