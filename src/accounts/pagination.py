from src.core.pagination import KeysetPagination


class ByUsername(KeysetPagination):
    ordering = ("username",)


class NewestFirst(KeysetPagination):
    ordering = ("-id",)
