"""Messages of the library."""

from django.utils.translation import gettext_lazy as _

MEDIA_SUCCESS = {
    "media_uploaded": _("The picture is in the library."),
    "media_updated": _("Saved."),
    "media_deleted": _("Moved to the trash. It is removed for good after 30 days."),
    "media_restored": _("Back in the library."),
    "media_changed": _("Pictures changed: %(count)s."),
    "media_published": _("The picture has a public address."),
    "media_already_published": _("The picture already has a public address."),
    "media_unpublished": _("The public address no longer works. Copies in caches may live on."),
    "favourite_marked": _("Marked as a favourite."),
    "favourite_unmarked": _("No longer a favourite."),
    "tag_renamed": _("The tag was renamed."),
    "tag_deleted": _("The tag was taken off every picture."),
    "collection_created": _("The collection was made."),
    "collection_updated": _("The collection was saved."),
    "collection_deleted": _("The collection was removed. Its pictures stay in the library."),
}

MEDIA_ERRORS = {
    "changed_meanwhile": _("Somebody else changed this picture meanwhile. Read it again and repeat your change."),
    "not_published": _("This picture has no public address."),
    "some_not_found": _("Some of these pictures were not found."),
    "tag_exists": _("There is already a tag of this name."),
    "collection_exists": _("You already have a collection of this name."),
    "already_in_library": _("This picture is already in the library."),
    "rendition_failed": _("A smaller copy of this picture cannot be made."),
    "pictures_busy": _("Pictures cannot be read at the moment. Try again shortly."),
    "storage_unavailable": _("The storage of pictures does not answer. Try again shortly."),
    "original_missing": _("The picture's file is missing from the storage."),
}

MEDIA_FIELD_ERRORS = {
    "not_a_picture": _("This is not a picture that is kept here. PNG, JPEG and WebP are."),
    "too_many_bytes": _("The picture has more than %(limit)s bytes."),
    "too_many_pixels": _("The picture has more than %(limit)s pixels, or an edge that is too long."),
    "too_many_frames": _("The animation has more than %(limit)s frames."),
    "truncated": _("The end of the picture is missing. Send the whole file."),
    "not_decodable": _("The picture is broken: it cannot be decoded."),
    "decoding_took_too_long": _("The picture takes too long to decode."),
    "needs_too_much_memory": _("The picture needs too much memory to decode."),
    "version_required": _("Send the version that you have read, so that no change of somebody else is lost."),
    "unknown_collection": _("There is no such collection."),
    "too_many_tags": _("A picture has at most %(limit)s tags."),
    "not_for_this_action": _("This action takes no such field."),
}
