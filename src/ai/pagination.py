from src.core.pagination import KeysetPagination


class ModelPagination(KeysetPagination):
    ordering = ("sort_order", "id")


class JobPagination(KeysetPagination):
    ordering = ("-created_at", "-id")
